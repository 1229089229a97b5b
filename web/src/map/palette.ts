/** Which colours has the base map on light and on dark ground? Those of figures come from the service. */

export type Theme = 'light' | 'dark'

export interface BaseColours {
  land: string
  water: string
  waterLine: string
  green: string
  campus: string
  builtUp: string
  compound: string
  wall: string
  building: string
  buildingLine: string
  street: string
  casing: string
  rail: string
  railGap: string
  text: string
  textQuiet: string
  textWater: string
  halo: string
  district: string
  division: string
  community: string
  grid: string
  accent: string
  selectHalo: string
  part: string
  event: string
  pointLine: string
  measure: string
}

export const BASE: Record<Theme, BaseColours> = {
  light: {
    land: '#f6f6f3', water: '#cfe3ee', waterLine: '#a9c9da', green: '#e3efdd', campus: '#f0ecdf', builtUp: '#f1f0ec',
    compound: '#efeee9', wall: '#b9b3a8', building: '#e4e1db', buildingLine: '#cfcac2', street: '#ffffff',
    casing: '#d9d6cf', rail: '#a5a7ab', railGap: '#f6f6f3', text: '#2a3038', textQuiet: '#6a7079',
    textWater: '#4d7f9c', halo: '#ffffff', district: '#4b3a63', division: '#5d4a78', community: '#6c5d84',
    grid: '#7c8590', accent: '#1d5fd0', selectHalo: '#ffffff',
    part: '#0f766e', event: '#b4347c', pointLine: '#ffffff', measure: '#c2410c',
  },
  dark: {
    land: '#14181e', water: '#15303f', waterLine: '#26506a', green: '#17261e', campus: '#211f1a', builtUp: '#181c22',
    compound: '#1a1e24', wall: '#4d5158', building: '#262b33', buildingLine: '#39404a', street: '#3b424d',
    casing: '#0d1014', rail: '#565d68', railGap: '#14181e', text: '#e8ebef', textQuiet: '#a2a9b3',
    textWater: '#79aeca', halo: '#0d1014', district: '#b5a4d4', division: '#9c8bbd', community: '#85769f',
    grid: '#7d8794', accent: '#6ea8ff', selectHalo: '#ffffff',
    part: '#4fd1c0', event: '#ff8ac6', pointLine: '#0d1014', measure: '#ffa861',
  },
}

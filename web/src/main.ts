/** The browser app begins here. */
import '@/styles/element'
import '@/styles/tokens.css'
import '@/styles/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { followAddress } from './state/address'
import { useAtlas } from './state/atlas'

const app = createApp(App)
app.use(createPinia())
followAddress()
useAtlas().start()
app.mount('#app')
